"""Tokens: a short-lived one for requests, a longer one to renew it."""

from typing import Any, cast

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.serializers import (
    TokenBlacklistSerializer,
    TokenObtainPairSerializer,
    TokenRefreshSerializer,
)
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView

from lessons.api.examples import LOGOUT, TOKEN, TOKEN_REFRESH
from lessons.api.fields import StrictSerializer, TextField


class TokenInput(StrictSerializer, TokenObtainPairSerializer):
    """Who somebody is, and that it is them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = TextField(max_length=150, write_only=True)
        self.fields["password"] = TextField(max_length=128, write_only=True, trim_whitespace=False)


class RefreshInput(StrictSerializer, TokenRefreshSerializer):
    """A refresh token is good once: who comes second with it, gets nothing."""

    refresh = TextField(write_only=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, str]:
        old = RefreshToken(attrs["refresh"])
        user = JWTAuthentication().get_user(old)
        with transaction.atomic():
            _, is_first = cast(tuple[Any, bool], old.blacklist())
            if not is_first:
                raise TokenError("used")
            new = RefreshToken.for_user(user)
        return {"access": str(new.access_token), "refresh": str(new)}


class LogoutInput(StrictSerializer, TokenBlacklistSerializer):
    """The refresh token that is to be ended."""

    refresh = TextField(write_only=True)


class AccessTokenSerializer(serializers.Serializer[Any]):
    """Goes into the header `Authorization: Bearer …` of every request, and is good for a quarter of an hour."""

    access = serializers.CharField()


class TokenPairSerializer(AccessTokenSerializer):
    """Both tokens; `refresh` gets new access tokens for a week."""

    refresh = serializers.CharField()


@extend_schema(tags=["auth"])
class ObtainToken(TokenObtainPairView):
    serializer_class = TokenInput
    throttle_classes = []  # failed logins are counted instead

    def get_serializer_context(self) -> dict[str, Any]:
        """Django's own request is what a lock-out is noted on, and looked for."""
        return {**super().get_serializer_context(), "request": self.request._request}

    @extend_schema(
        operation_id="auth_token",
        summary="Log in: get an access and a refresh token",
        responses=TokenPairSerializer,
        examples=TOKEN,
        auth=[],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)


@extend_schema(tags=["auth"])
class RenewToken(TokenRefreshView):
    serializer_class = RefreshInput

    @extend_schema(
        operation_id="auth_token_refresh",
        summary="Get a new pair of tokens",
        description="The refresh token that you send has had its day: keep the new one.",
        responses=TokenPairSerializer,
        examples=TOKEN_REFRESH,
        auth=[],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)


@extend_schema(tags=["auth"])
class Logout(TokenBlacklistView):
    serializer_class = LogoutInput

    @extend_schema(
        operation_id="auth_logout",
        summary="Log out: end a refresh token",
        description="Its access token lives on for the rest of its quarter of an hour.",
        request=LogoutInput,
        responses={204: None},
        examples=LOGOUT,
        auth=[],
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        super().post(request, *args, **kwargs)
        return Response(status=status.HTTP_204_NO_CONTENT)
