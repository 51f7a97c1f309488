"""Who somebody is: sign-in links, OpenID Connect, sessions, CSRF."""
