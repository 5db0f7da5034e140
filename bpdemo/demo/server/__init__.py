"""What stands between Gradio and the page: uploads, the queue, sessions, closed routes."""
