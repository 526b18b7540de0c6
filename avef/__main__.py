"""``python -m avef``."""

from avef.cli import main

raise SystemExit(main())
