"""Files made of an estimate, all in memory: figures, PDF, JSON, STMap and pulse."""
