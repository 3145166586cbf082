-- Room on a page for a new version of each of its services: a month renews all of them at once. With less room
-- more than half of the renewals went to other pages and wrote every index again (four times as much WAL).

ALTER TABLE service SET (fillfactor = 45);
