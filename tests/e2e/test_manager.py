"""The manager's own pages, from the start page on: what a finance manager, and a developer, do with them."""

import re

from e2e.visitor import Visitor


def test_the_start_page_says_what_needs_somebody(customer: Visitor) -> None:
    page = customer.get("/manager").text
    assert "€3,999.59 are past due on 4 bills, the oldest since 3 Sept 2026." in page
    assert "Purchase order PO-2026-0042 is 93 % used: €1,245.53 are left." in page


def test_the_start_page_draws_twelve_months_with_a_table_behind(customer: Visitor) -> None:
    page = customer.get("/manager").text
    figure = page[page.index('<figure class="chart">') : page.index("</figure>")]
    table = page[page.index("<summary>The figures as a table") : page.index("</details>")]
    assert len(re.findall("<rect ", figure)) == 12
    assert len(re.findall('<th scope="row" class="dense">', table)) == 12
    assert "€21,358.10" in table


def test_the_bill_of_an_order_is_two_clicks_away(customer: Visitor) -> None:
    start = customer.get("/manager").text
    [order] = set(re.findall(r'href="(/manager/purchase-orders/\d+)">PO-2026-0042<', start))
    first = customer.get(order).text
    [after] = re.findall(r'rel="next" href="([^"]+)"', first)
    both = first + customer.get(order, query_string=after.partition("?")[2]).text
    listed = re.findall(r'href="(/manager/bills/FR\d+)"', both)
    assert len(listed) == 27
    assert "PO-2026-0042" in customer.get(listed[-1]).text
