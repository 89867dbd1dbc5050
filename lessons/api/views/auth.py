"""Tokens: a short-lived one for requests, a longer one to renew it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework_simplejwt.serializers import TokenObtainPairSerializer, TokenRefreshSerializer
from rest_framework_simplejwt.views import TokenObtainPairView, TokenRefreshView

from lessons.api.examples import TOKEN
from lessons.api.fields import StrictSerializer, TextField


class TokenInput(StrictSerializer, TokenObtainPairSerializer):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"] = TextField(max_length=150, write_only=True)
        self.fields["password"] = TextField(max_length=128, write_only=True, trim_whitespace=False)


class RefreshInput(StrictSerializer, TokenRefreshSerializer):
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
class RefreshToken(TokenRefreshView):
    serializer_class = RefreshInput

    @extend_schema(
        operation_id="auth_token_refresh", summary="Get a new access token", responses=AccessTokenSerializer, auth=[]
    )
    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().post(request, *args, **kwargs)
