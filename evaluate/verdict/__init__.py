"""From findings to ship, hold or inconclusive: the policy, the gates, and the error that they control."""
