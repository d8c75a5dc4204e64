"""New passwords for phones, without a moment in which one is locked out."""
