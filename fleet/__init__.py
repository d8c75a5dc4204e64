"""fleet: provisions and watches fleets of Aastra SIP desk phones."""
