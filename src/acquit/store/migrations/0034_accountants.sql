-- Every account has a group for those who look after its bills.

COMMENT ON TABLE identity_group IS 'groups of logins that an account made; ACCOUNTANT, ADMIN, DEFAULT and UNPRIVILEGED exist without a row';
