"""Speaking SIP to phones and registrars, as a client that asks once and registers nothing."""
