"""Paying a loan back: by hand, ahead, by autopay, with what each payment would do."""
