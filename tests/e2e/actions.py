"""What a person does on a page: open it, wait until it has come to rest, click."""

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"
ROW_PX = 35
STILL = 4  # looks in a row that find an element where it was


def visit(page, url):
    """Open an address and wait until the page has a heading and its script has ended."""
    page.goto(url)
    page.wait_for_selector("h1, h3")
    page.wait_for_selector(IDLE)


def click_row(page, table, row, row_px=ROW_PX):
    """Click the row, counted from 0, of the table of that name, once it lies still."""
    box = at_rest(page, page.get_by_role("region", name=table).locator("canvas").first)
    page.mouse.click(box["x"] + 15, box["y"] + row_px * (row + 1.5))


def at_rest(page, element):
    """Where the element lies, when it has not moved for a while: pages grow while they are drawn."""
    element.wait_for()
    box, seen = element.bounding_box(), 0
    while seen < STILL:
        page.wait_for_timeout(100)
        now = element.bounding_box()
        box, seen = now, seen + 1 if now == box and now else 0
    return box
