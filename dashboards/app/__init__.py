"""The operator's screen: Streamlit pages over recorded or running plants.

Nothing is computed here: figures are pure functions of results, and what an operator
does becomes a command of the daemon.
"""
