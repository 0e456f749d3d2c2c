"""The last stage: how what was done is told in the provisioning log."""
