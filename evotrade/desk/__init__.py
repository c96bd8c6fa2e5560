"""The operator's services: sessions, risk, recovery, alerts, and the daemon's jobs."""
