"""The network, the devices and what people said of them: kept in files, and brought back."""
