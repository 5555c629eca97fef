"""What a screen reader finds in each dialog, menu and question, as the browser tells it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from page import states
from page.mock_server import Mock
from playwright.sync_api import Page, expect

Visit = Callable[..., Page]

APPROVAL = """
- dialog "exec-mcp asks for your approval":
  - heading "exec-mcp asks for your approval" [level=2]
  - paragraph:
    - strong: calendar.create_event
  - paragraph:
    - button "Deny"
    - button "Allow once"
    - button "Allow for this session"
"""
FORM = """
- dialog "shop asks you something":
  - heading "shop asks you something" [level=2]
  - paragraph: Which?
  - paragraph:
    - textbox "Your name (needed)"
  - paragraph:
    - spinbutton "size (needed)"
  - paragraph:
    - combobox "colour":
      - option "No choice" [selected]
      - option "Red"
      - option "Blue"
  - paragraph:
    - checkbox "fast" [checked]
  - group "days":
    - checkbox "mon"
    - checkbox "tue"
  - paragraph:
    - button "Decline"
    - button "Send"
  - alert: Please fill out this field.
"""
ADDRESS = """
- dialog "shop asks you something":
  - heading "shop asks you something" [level=2]
  - paragraph: Sign in
  - paragraph:
    - strong: login.example
    - link /^https:.*login\\.example/
  - paragraph:
    - button "Decline"
    - button "I have done it"
"""
TABLE = """
- dialog "summary.csv":
  - heading "summary.csv" [level=2]
  - button "Download this file"
  - button "Close"
  - paragraph: CSV · 49 bytes
  - group "View":
    - button "Table" [pressed]
    - button "Text"
  - 'region "Table: summary.csv"':
    - table:
      - rowgroup:
        - row "hour mean friday":
          - columnheader "hour"
"""
WEB_PAGE = """
- dialog "report.html":
  - heading "report.html" [level=2]
  - button "Download this file"
  - button "Close"
  - group "View":
    - button "Page" [pressed]
    - button "Text"
  - group:
    - text: Scripts are off
    - paragraph: /can send what the file contains to other computers/
    - button "Run its scripts"
"""
RENAME = """
- dialog "Rename":
  - heading "Rename" [level=2]
  - button "Close"
  - textbox "Title": When do we need more people?
  - paragraph:
    - button "Cancel"
    - button "Save"
"""
DELETE = """
- dialog "Delete this conversation?":
  - heading "Delete this conversation?" [level=2]
  - button "Close"
  - paragraph: /deleted for good/
  - paragraph:
    - button "Cancel"
    - button "Delete"
"""
SYSTEM = """
- dialog "System":
  - heading "System" [level=2]
  - button "Close"
  - heading "Tool servers" [level=3]
  - list:
    - listitem:
      - strong: exec-mcp
      - text: ready, 4 tools
  - heading "Sandbox" [level=3]
  - meter "Workspace used"
  - paragraph:
    - button "Stop the sandbox"
  - heading "All sandboxes" [level=3]
  - list:
    - listitem:
      - strong: ann
      - button "Stop the sandbox of ann"
  - heading "Keys" [level=3]
"""
NAME = """
- dialog "Who works here?":
  - heading "Who works here?" [level=2]
  - button "Close"
  - textbox "Name": not a name!
  - alert: /Use letters, digits/
  - paragraph:
    - button "Cancel"
    - button "Change"
"""
MENU = """
- menu:
  - menuitem "Rename"
  - menuitem "Export as Markdown"
  - menuitem "Export as JSON"
  - menuitem "Export as script"
  - menuitem "Export as notebook"
  - menuitem "Delete"
"""
LOGIN = """
- main:
  - heading "exec-agent" [level=1]
  - paragraph: This server asks for a key.
  - textbox "Key"
  - checkbox "Remember it in this tab"
  - alert: This key is not accepted.
  - button "Continue"
"""
GONE = """
- main:
  - alert:
    - heading "No connection" [level=1]
    - paragraph: It is starting.
    - button "Try again"
"""
READ = [
    (states.at_work, "dialog", APPROVAL),
    (states.asked_form, "dialog", FORM),
    (states.asked_to_visit, "dialog", ADDRESS),
    (states.previewed, "dialog", TABLE),
    (states.web_page, "dialog", WEB_PAGE),
    (states.renamed, "dialog", RENAME),
    (states.deleted, "dialog", DELETE),
    (states.system, "dialog", SYSTEM),
    (states.user, "dialog", NAME),
    (states.menu, "menu", MENU),
    (states.login, "main", LOGIN),
    (states.without_server, "main", GONE),
]


@pytest.mark.parametrize(("state", "role", "tree"), READ, ids=[state.__name__ for state, _, _ in READ])
def test_it_says_what_it_is_and_what_can_be_done(
    state: Callable[[Mock, Visit], Page], role: str, tree: str, mock: Mock, visit: Visit
) -> None:
    page = state(mock, visit)
    expect(page.get_by_role(role)).to_match_aria_snapshot(tree)


@pytest.mark.parametrize(
    "state", [state for state, role, _ in READ if role == "dialog"], ids=lambda state: state.__name__
)
def test_a_dialog_has_a_name_and_every_field_and_button_in_it_too(
    state: Callable[[Mock, Visit], Page], mock: Mock, visit: Visit
) -> None:
    tree = state(mock, visit).get_by_role("dialog").aria_snapshot()
    roles = ("dialog", "button", "textbox", "spinbutton", "combobox", "checkbox", "link")
    nameless = [line for line in tree.splitlines() if line.strip(" -").split(":")[0] in roles]
    assert not nameless
