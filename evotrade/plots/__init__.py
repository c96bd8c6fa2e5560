"""Results as Plotly figures in the colours of a theme, for pages and notebooks alike."""
