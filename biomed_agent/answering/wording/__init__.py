"""An answer as words: for a calling model, for people, for a notebook.

One order everywhere: what is answered, what it is about, what records say, what was computed, what the model
says, sources. A sentence of the model always stands in quotation marks under the model's name with its
verdict, so that none can be taken for a record.
"""

from __future__ import annotations

from biomed_agent.answering.wording.html import to_html, to_html_page
from biomed_agent.answering.wording.text import to_listing, to_text
from biomed_agent.answering.wording.tool_text import TOOL_TOKENS, estimate_tokens, to_tool_text

__all__ = ["TOOL_TOKENS", "estimate_tokens", "to_html", "to_html_page", "to_listing", "to_text", "to_tool_text"]
