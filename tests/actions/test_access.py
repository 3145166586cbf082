"""Applications and consumer keys: what actions refuse, and what is written down."""

from datetime import timedelta
from pathlib import Path

import pytest

from acquit.actions.context import Context
from acquit.actions.create_application import NewApplication, create_application
from acquit.actions.grant_consumer_key import grant_consumer_key
from acquit.actions.request_credential import PENDING_MAX, TooManyPending, request_credential
from acquit.actions.revoke_access import (
    NoSuchAccess,
    expire_credential,
    limit_credential,
    revoke_application,
    revoke_credential,
)
from acquit.actions.validate_credential import find_pending, validate_credential
from acquit.adapters.archive import DirectoryArchive
from acquit.adapters.clock import SystemClock
from acquit.adapters.mail import NullMailer
from acquit.adapters.sealer import AesSealer
from acquit.core.access import InvalidApplicationKey, MalformedBlock, NotPending
from acquit.core.errors import Invalid
from acquit.core.identifiers import AccountId, ApplicationId, CredentialId
from acquit.store import access, acts
from acquit.store.transaction import Database

ACCOUNT = AccountId("ab12345-acq")
OTHER = AccountId("cd67890-acq")
RULES = [{"method": "GET", "path": "/me"}]


@pytest.fixture
def context(database: Database, tmp_path: Path) -> Context:
    """A seller and two accounts."""
    with database.write() as tx:
        tx.run(
            "INSERT INTO legal_entity (legal_entity_id, name, street, zip, city, country, currency, zone,"
            " bill_series_id, credit_series_id, deposit_series_id)"
            " VALUES ('FR', 'N', 's', 'z', 'c', 'FR', 'EUR', 'Europe/Paris', 'FR', 'AV', 'RC')"
        )
        tx.run(
            "INSERT INTO account (account_id, legal_entity_id, payer_id, currency)"
            " VALUES ('ab12345-acq', 'FR', 'ab12345-acq', 'EUR'), ('cd67890-acq', 'FR', 'cd67890-acq', 'EUR')"
        )
    return Context(database, SystemClock(), AesSealer(bytes(32)), DirectoryArchive(tmp_path), NullMailer())


@pytest.fixture
def made(context: Context) -> NewApplication:
    """An application of the account."""
    return create_application(context, ACCOUNT, " tool ", " of ours ", by="system")


def test_an_application_has_a_name_a_key_and_a_sealed_secret(context: Context, made: NewApplication) -> None:
    application = made.application
    assert (application.name, application.description, application.status) == ("tool", "of ours", "active")
    assert (len(application.application_key), len(made.secret)) == (16, 32)
    assert made.secret not in repr(made)
    with context.database.read() as tx:
        sealed = access.find_secret(tx, application.application_id)
        assert access.find_secret(tx, ApplicationId(7)) is None
        verbs = [act.verb for act in acts.of_account(tx, ACCOUNT)]
    assert sealed is not None
    assert made.secret.encode() not in sealed
    assert context.sealer.unseal(sealed) == made.secret
    assert verbs == ["create_application"]


@pytest.mark.parametrize(("name", "description"), [("", ""), ("  ", ""), ("x" * 101, ""), ("x", "y" * 501)])
def test_an_application_without_a_fitting_name_is_refused(
    context: Context, name: str, description: str
) -> None:
    with pytest.raises(Invalid):
        create_application(context, ACCOUNT, name, description, by="system")


def test_a_key_is_granted_only_to_an_application_in_use(context: Context, made: NewApplication) -> None:
    granted = grant_consumer_key(context, made.application.application_id, OTHER, by="operator:sam")
    assert granted.consumer_key not in repr(granted)
    with pytest.raises(InvalidApplicationKey):
        grant_consumer_key(context, ApplicationId(7), OTHER, by="operator:sam")
    with pytest.raises(MalformedBlock):
        grant_consumer_key(context, made.application.application_id, OTHER, by="x", allowed_ips=["here"])
    with context.database.write() as tx:
        tx.run("UPDATE application SET status = 'blocked'")
    with pytest.raises(InvalidApplicationKey):
        grant_consumer_key(context, made.application.application_id, OTHER, by="operator:sam")
    with pytest.raises(InvalidApplicationKey):
        request_credential(context, made.application.application_key, RULES)


def test_nobody_can_fill_the_store_with_requests(context: Context, made: NewApplication) -> None:
    with context.database.write() as tx:
        tx.run(
            "INSERT INTO credential (application_id, key_hash, status, rules)"
            " SELECT %(id)s, sha256(n::text::bytea), 'pendingValidation', '[]'"
            "   FROM generate_series(1::bigint, %(count)s) n",
            id=made.application.application_id,
            count=PENDING_MAX,
        )
    with pytest.raises(TooManyPending):
        request_credential(context, made.application.application_key, RULES)
    with context.database.write() as tx:
        tx.run("UPDATE credential SET created_at = now() - interval '2 days'")
    request_credential(context, made.application.application_key, RULES)
    with context.database.read() as tx:
        assert access.count_pending(tx, made.application.application_id) == 1, "the old ones are forgotten"


def test_a_page_of_an_application_out_of_use_is_closed(context: Context, made: NewApplication) -> None:
    asked = request_credential(context, made.application.application_key, RULES)
    with context.database.write() as tx:
        tx.run("UPDATE application SET status = 'inactive'")
    with pytest.raises(NotPending):
        find_pending(context, asked.token)


def test_validity_ends_a_key_at_its_instant(context: Context, made: NewApplication) -> None:
    asked = request_credential(
        context, made.application.application_key, RULES, ["10.0.0.1"], "https://a.example/"
    )
    before = context.clock.now()
    pending = validate_credential(
        context, asked.token, OTHER, timedelta(days=1), by=f"account:{OTHER}", login="bob"
    )
    with context.database.read() as tx:
        kept = access.find_credential(tx, OTHER, pending.credential.credential_id)
    assert kept is not None
    assert kept.expires_at is not None
    assert timedelta(0) <= kept.expires_at - before - timedelta(days=1) < timedelta(minutes=1)
    assert (kept.login, kept.redirection, kept.status) == ("bob", "https://a.example/", "validated")
    assert [str(block) for block in kept.blocks or ()] == ["10.0.0.1/32"]


def test_what_is_not_there_cannot_be_ended(context: Context, made: NewApplication) -> None:
    granted = grant_consumer_key(context, made.application.application_id, ACCOUNT, by="system")
    for account_id, credential_id in ((OTHER, granted.credential_id), (ACCOUNT, CredentialId(7))):
        with pytest.raises(NoSuchAccess):
            revoke_credential(context, account_id, credential_id, by="system")
        with pytest.raises(NoSuchAccess):
            expire_credential(context, account_id, credential_id, by="system")
        with pytest.raises(NoSuchAccess):
            limit_credential(context, account_id, credential_id, None, by="system")
    with pytest.raises(NoSuchAccess):
        revoke_application(context, OTHER, made.application.application_id, by="system")
    expire_credential(context, ACCOUNT, granted.credential_id, by="system")
    with pytest.raises(NoSuchAccess):
        expire_credential(context, ACCOUNT, granted.credential_id, by="system")
