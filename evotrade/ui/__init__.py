"""The Streamlit app: its main script, components and cached reads."""
