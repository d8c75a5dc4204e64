"""SIP registrars that do not exist, and the little SIP that phones need to talk to them.

By hand and apart from `fleet.phone.sip`, so that the two can find each other's mistakes.
"""
