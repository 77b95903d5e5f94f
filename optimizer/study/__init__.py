"""Offline layout-planning studies: what to build for racks that change over years."""
