"""Ways to send an e-mail: SMTP, and Amazon SES's API. Each is a `Transport`."""
