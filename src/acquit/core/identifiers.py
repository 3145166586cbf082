"""The types of identifiers: one per noun, so that no two can be confused."""

from typing import NewType

AccountId = NewType("AccountId", str)  # `ab12345-acq`, the wire's nichandle
BillId = NewType("BillId", str)  # the bill's number, `FR00000042`
LegalEntityId = NewType("LegalEntityId", str)  # `FR`
OperatorId = NewType("OperatorId", str)
OrderId = NewType("OrderId", int)
DebtId = NewType("DebtId", int)  # equal to the order id of its bill
ServiceId = NewType("ServiceId", int)
GrantId = NewType("GrantId", int)
RequestId = NewType("RequestId", int)
PaymentMethodId = NewType("PaymentMethodId", int)
PurchaseOrderId = NewType("PurchaseOrderId", int)
BillingGroupId = NewType("BillingGroupId", int)
LegalPartyId = NewType("LegalPartyId", int)
ApplicationId = NewType("ApplicationId", int)
ServiceAccountId = NewType("ServiceAccountId", str)  # the client_id of OAuth2
CredentialId = NewType("CredentialId", int)
CatalogueId = NewType("CatalogueId", int)
RunId = NewType("RunId", int)
EntryId = NewType("EntryId", int)
DiscountId = NewType("DiscountId", int)
MinimumSpendId = NewType("MinimumSpendId", int)
CreditMovementId = NewType("CreditMovementId", int)
