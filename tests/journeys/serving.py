"""Serves pages that are built already, on the port they were built for: what `reflex run` does after a build.

A second start needs no second build, which takes most of the time of the first.
"""

import sys

from reflex.utils import exec as serving
from reflex_base import constants
from reflex_base.config import get_config, reload_config
from reflex_base.environment import environment


def main(port: int) -> None:
    """Serve until somebody stops it."""
    environment.REFLEX_ENV_MODE.set(constants.Env.PROD)
    environment.REFLEX_COMPILE_CONTEXT.set(constants.CompileContext.RUN)
    environment.REFLEX_SKIP_COMPILE.set(True)
    get_config()._set_persistent(frontend_port=port, backend_port=port)
    config = reload_config()
    serving.run_backend_prod(config.backend_host, port, config.loglevel.subprocess_level(), True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
