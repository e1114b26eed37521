def test_x(shop):
    world = shop('when cart_abandoned after 1h send email "cart"')

    world.at("10:00").event("cart_abandoned")
    world.finish()

    assert world.sent == ["email/cart"]
