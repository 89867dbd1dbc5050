"""Who takes part: made by one statement, with ids that everything else may count on.

Teachers come first (ids 1 to TEACHERS), one manager follows, then the students.
"""

TEACHERS, STUDENTS = 200, 100_000
MANAGER = TEACHERS + 1
FIRST_STUDENT = MANAGER + 1

OURS = f"""
INSERT INTO lessons_user (id, username, password, full_name, role, email, phone, language, time_zone, muted_channels,
                          is_active, is_staff, is_superuser, date_joined)
SELECT n, 'person_' || n, '!', 'Person ' || n,
       CASE WHEN n <= {TEACHERS} THEN 'teacher' WHEN n = {MANAGER} THEN 'manager' ELSE 'student' END,
       'person_' || n || '@school.example', '+7900' || lpad(n::text, 7, '0'), 'en', 'UTC', '{{}}',
       true, n = {MANAGER}, false, now()
  FROM generate_series(1, {FIRST_STUDENT + STUDENTS - 1}) AS n
"""

PLAIN = f"""
INSERT INTO plain_person (id, name, language)
SELECT n, 'Person ' || n, 'en' FROM generate_series(1, {FIRST_STUDENT + STUDENTS - 1}) AS n
"""
