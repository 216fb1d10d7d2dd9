"""Skeletons of the endive objects: every nullable field starts as null.

Names come from the installed SDK's resource classes; tests/stand_in/test_shapes.py compares
each emitted object with them, so a field that Stripe adds shows as a failing test.
"""

from __future__ import annotations

from typing import Any

Obj = dict[str, Any]

_NULLABLE = {
    "checkout.session": """
        adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types
        amount_subtotal amount_total billing_address_collection branding_settings cancel_url
        client_reference_id client_secret collected_information consent consent_collection currency
        currency_conversion customer customer_account customer_creation customer_details
        customer_email discounts excluded_payment_method_types integration_identifier invoice
        invoice_creation locale managed_payments metadata name_collection optional_items
        origin_context payment_intent payment_link payment_method_collection
        payment_method_configuration_details payment_method_options permissions
        phone_number_collection presentment_details recovered_from redirect_on_completion
        return_url saved_payment_method_options setup_intent shipping_address_collection
        shipping_cost status submit_type subscription success_url tax_id_collection total_details
        ui_mode url wallet_options""",
    "subscription": """
        application application_fee_percent billing_cycle_anchor_config billing_thresholds
        cancel_at canceled_at cancellation_details customer_account days_until_due
        default_payment_method default_source default_tax_rates description ended_at
        latest_invoice managed_payments next_pending_invoice_item_invoice on_behalf_of
        pause_collection payment_settings pending_invoice_item_interval pending_setup_intent
        pending_update presentment_details schedule status_details test_clock transfer_data
        trial_end trial_settings trial_start""",
    "subscription_item": "billed_until billing_thresholds current_trial quantity tax_rates",
    "invoice": """
        account_country account_name account_tax_ids amount_paid_off_stripe application auto_advance
        automatically_finalizes_at billing_reason confirmation_secret custom_fields customer
        customer_account customer_address customer_email customer_name customer_phone
        customer_shipping customer_tax_exempt customer_tax_ids default_payment_method
        default_source description due_date effective_at ending_balance footer from_invoice
        hosted_invoice_url invoice_pdf last_finalization_error latest_revision metadata
        next_payment_attempt number on_behalf_of parent receipt_number rendering shipping_cost
        shipping_details statement_descriptor status status_details subtotal_excluding_tax
        test_clock threshold_reason total_discount_amounts total_excluding_tax
        total_pretax_credit_amounts total_taxes webhooks_delivered_at""",
    "line_item": """
        description discount_amounts invoice parent pretax_credit_amounts pricing quantity
        quantity_decimal subscription taxes""",
    "invoice_payment": "amount_paid",
    "payment_intent": """
        allowed_payment_method_types amount_details application application_fee_amount
        automatic_payment_methods canceled_at cancellation_reason client_secret customer
        customer_account description excluded_payment_method_types hooks last_payment_error
        latest_charge managed_payments next_action on_behalf_of payment_details payment_method
        payment_method_configuration_details payment_method_options payment_record
        presentment_details processing receipt_email review setup_future_usage shipping source
        statement_descriptor statement_descriptor_suffix transfer_data transfer_group""",
    "charge": """
        application application_fee application_fee_amount authorization_code balance_transaction
        calculated_statement_descriptor customer description failure_balance_transaction
        failure_code failure_message fraud_details level3 on_behalf_of outcome payment_intent
        payment_method payment_method_details presentment_details radar_options receipt_email
        receipt_number receipt_url review shipping source source_transfer statement_descriptor
        statement_descriptor_suffix transfer transfer_data transfer_group""",
    "balance_transaction": "description exchange_rate source",
    "refund": """
        balance_transaction charge customer customer_account description destination_details
        failure_balance_transaction failure_reason instructions_email metadata next_action
        payment_intent payment_method pending_reason presentment_details reason receipt_number
        source_transfer_reversal status transfer_reversal""",
    "customer": """
        address balance business_name currency customer_account default_source delinquent
        description discount email individual_name invoice_prefix invoice_settings metadata name
        next_invoice_sequence phone preferred_locales shipping tax_exempt test_clock""",
    "product": """
        default_price description package_dimensions shippable statement_descriptor tax_code
        tax_details unit_label url""",
    "price": """
        custom_unit_amount lookup_key nickname recurring tax_behavior tiers_mode
        transform_quantity unit_amount unit_amount_decimal""",
    "plan": """
        amount amount_decimal metadata meter nickname product tiers_mode transform_usage
        trial_period_days""",
    "item": "adjustable_quantity description discounts metadata price quantity taxes",
    "payment_method": """
        allow_redisplay customer customer_account metadata radar_options""",
    "webhook_endpoint": "api_version application description",
    "billing_portal.configuration": "application default_return_url metadata name",
    "billing_portal.session": """
        after_expiration customer_account flow locale on_behalf_of return_url""",
    "test_helpers.test_clock": "name",
}
NULLABLE = {kind: tuple(names.split()) for kind, names in _NULLABLE.items()}
_WITHOUT_LIVEMODE = {"refund", "balance_transaction", "item", "subscription_item"}


def shaped(kind: str, **fields: object) -> Obj:
    """Return an object of this type: nulls first, then the given fields."""
    obj: Obj = {"id": fields.pop("id"), "object": kind}
    obj.update(dict.fromkeys(NULLABLE[kind]))
    if kind not in _WITHOUT_LIVEMODE:
        obj["livemode"] = False
    obj.update(fields)
    return obj


def no_address() -> Obj:
    """Return billing details that hold nothing."""
    lines = ("city", "country", "line1", "line2", "postal_code", "state")
    return {
        "address": dict.fromkeys(lines),
        "email": None,
        "name": None,
        "phone": None,
        "tax_id": None,
    }
