"""What people touch: thin ipywidgets and anywidget classes."""
