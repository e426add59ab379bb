"""Much work of one kind: in processes on this machine, or on a Dask cluster."""
