"""Who is on the platform: members, sign-in, what they may see, and what is known of a borrower."""
