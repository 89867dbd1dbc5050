"""What we measure ourselves against: small programs of our own, each as good as its design allows."""
