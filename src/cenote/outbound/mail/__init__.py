"""Ways to send an e-mail."""
