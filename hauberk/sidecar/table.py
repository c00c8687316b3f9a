"""Every annotation of the proxy beside a program: its meaning, its default, its check. Pure.

Names, meanings and defaults are Linkerd's, where nothing else is said.
"""

from hauberk.sidecar import of_container, of_ports, of_proxy

TABLE = {row.key: row for row in (*of_container.ROWS, *of_ports.ROWS, *of_proxy.ROWS)}
