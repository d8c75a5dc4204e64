"""The use case of provisioning: from intent to files."""
