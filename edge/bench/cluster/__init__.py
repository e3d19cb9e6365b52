"""Prove and time emoji-edge-cluster on two nodes of this machine, into the report's `cluster`."""
