"""What a customer's message means: intent, entities, requests, refusals, facts, without TensorFlow."""
