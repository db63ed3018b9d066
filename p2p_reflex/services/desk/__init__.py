"""How an admin acts on a loan: shown beforehand, done as shown, by a second admin above a limit."""
