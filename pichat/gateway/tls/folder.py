"""Where certificates are kept."""

FOLDER = "tls"  # of the state directory
SERVED = "served.crt"  # the certificate that is shown now, for commands of this machine
AUTHORITY = "ca.crt"  # the authority's, for browsers
