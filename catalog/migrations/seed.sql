-- What a new shop sells. Run once into an empty file.

INSERT INTO categories (id, name, created_at, updated_at)
SELECT column1, column2, strftime('%Y-%m-%dT%H:%M:%fZ'), strftime('%Y-%m-%dT%H:%M:%fZ')
FROM (VALUES (1, 'Computers'), (2, 'Accessories'), (3, 'Audio'), (4, 'Home office'));

INSERT INTO products (id, name, price_cents, stock, received, category_id, category_name, image,
                      description, created_at, updated_at)
SELECT column1, column2, column3, column4, column4, column5,
       (SELECT name FROM categories WHERE id = column5), 'images/' || column6 || '.svg', column7,
       strftime('%Y-%m-%dT%H:%M:%fZ'), strftime('%Y-%m-%dT%H:%M:%fZ')
FROM (VALUES
    (1,  'Laptop',     99999, 50,  1, 'laptop',     'Fourteen inches, a good keyboard, a battery for the whole day.'),
    (2,  'Mouse',      2999,  200, 2, 'mouse',      'Wireless, three buttons, and quiet enough for a library.'),
    (3,  'Keyboard',   7999,  150, 2, 'keyboard',   'Mechanical, with switches that let the neighbors sleep.'),
    (4,  'Monitor',    24900, 60,  1, 'monitor',    'Twenty-seven inches of sharp text and calm colors.'),
    (5,  'Webcam',     5950,  80,  2, 'webcam',     'Shows your face, and has a shutter for when it should not.'),
    (6,  'Headphones', 12995, 75,  3, 'headphones', 'Closed, soft, and good at making an office disappear.'),
    (7,  'Speaker',    8990,  40,  3, 'speaker',    'Small enough for a shelf, loud enough for a kitchen.'),
    (8,  'Microphone', 10900, 30,  3, 'microphone', 'For talks, songs and explaining distributed systems.'),
    (9,  'Desk lamp',  3995,  90,  4, 'desk-lamp',  'Warm or cold light, and an arm that stays where you put it.'),
    (10, 'Chair',      32900, 25,  4, 'chair',      'Adjusts in eight ways; most people find theirs in three.'),
    (11, 'Notebook',   649,   500, 4, 'notebook',   'Paper. Needs no charging and never loses a write.'),
    (12, 'Backpack',   5499,  120, 2, 'backpack',   'Fits the laptop, the lunch and half of the hardware lab.'));
