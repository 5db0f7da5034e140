"""What the page, its downloads and its report show: `templates/` hold the sentences, the modules fill them in."""
