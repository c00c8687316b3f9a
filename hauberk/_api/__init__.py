"""Generated from api/ by tools/gen_api.py. Only wire.py and server.py files import it."""
