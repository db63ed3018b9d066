"""Every screen can be laid out: a name that no longer exists is found here, not in the browser."""

from reflex_base.registry import RegistrationContext

from p2p_reflex import pages


def test_every_screen_can_be_laid_out() -> None:
    pages.register_screens()

    laid_out = [render() for render, _ in RegistrationContext.get().decorated_pages]

    assert len(laid_out) >= 18
