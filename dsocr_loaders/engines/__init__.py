"""What reads pages: the `Engine` protocol and its implementations."""
