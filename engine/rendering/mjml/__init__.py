"""MJML templates: read, checked and made into HTML with everything of Jinja in its place."""
